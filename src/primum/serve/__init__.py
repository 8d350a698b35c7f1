"""The service: guarded answers over HTTP, FHIR and CDS Hooks, and the clinician's page."""
