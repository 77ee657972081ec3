"""The JSON interface for other programs: tokens with scopes, and an OpenAPI document of what there is."""
