"""Speed, measured side by side with the bare parts in one run, as ratios. Never a test."""
