"""What every room uses: policy, htmx, money, encryption, uploads, PDF. No models, no clinic words."""
