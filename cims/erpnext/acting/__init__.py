"""What a company does with a rating: warns, asks for approval or stops a document; applies suggested terms."""
