//! What does this expression mean? CEL syntax, checked for names and types, compiled to a typed, bounded plan.
