"""SMART Health Cards: numeric QR codes, card files, and what a card must say."""
