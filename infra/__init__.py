"""The Pulumi program. `settings` reads the stack's configuration, `components` are its parts, `program` puts them together."""
