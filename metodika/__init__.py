"""The operator's and auditor's command line, and the embedded world."""
