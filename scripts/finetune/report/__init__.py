"""Reports as one HTML file each, with pictures drawn as SVG, no script and nothing loaded from elsewhere."""
