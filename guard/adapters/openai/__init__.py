"""Services that speak OpenAI's protocol: fine-tuning jobs, tuned models, files, usage and costs. Reads only."""
