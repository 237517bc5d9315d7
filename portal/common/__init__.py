"""What every room uses, in packages that say what they hold. No models, no clinic words."""
