"""What users write: one module per API group; typed, defaulted, validated. No IO."""
