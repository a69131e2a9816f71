"""What leaves the virtual hospital: exports with planted defects, Parquet, DuckDB, FHIR, OMOP.

Everything here takes plain frames and their documented columns (`tables.Column`), so that it
serves the hospital's tables and any other. Nobody in them is real.
"""
