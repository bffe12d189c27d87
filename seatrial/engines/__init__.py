"""The engines: each chooses which states to visit, none decides what a property means."""
