"""What pages are made with: stencils for long lists."""
