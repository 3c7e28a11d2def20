"""EU digital certificates (HCERT): the envelope of a QR code, and what a certificate says."""
