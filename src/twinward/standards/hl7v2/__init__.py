"""HL7 version 2: laboratory messages (ORU, OUL) as the reports that FHIR has."""
