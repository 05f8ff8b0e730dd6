"""The detailed usage cost export of Cloud Billing: from files through DuckDB, or from BigQuery, with one shape of query."""
