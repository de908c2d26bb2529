//! What does the past say about this request? Catalogue, windows, fold, as-of vector.
