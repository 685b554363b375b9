"""The world that nobody arranged: networks trained on renders as one would in the wild."""
