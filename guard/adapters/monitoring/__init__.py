"""Cloud Monitoring: hourly series in, usage rows out."""
