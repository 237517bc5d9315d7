"""Medicare: dated items and limits with their sources, referrals, and the ledger of what was used and is left."""
