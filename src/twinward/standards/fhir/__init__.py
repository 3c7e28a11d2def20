"""HL7 FHIR R4: laboratory reports in, audit events out."""
