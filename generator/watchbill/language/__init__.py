"""What any author may write: fields, values, and what all statements share."""
