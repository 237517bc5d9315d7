"""The website's words in each language, the crisis lines, and what the law on advertising doubts."""
