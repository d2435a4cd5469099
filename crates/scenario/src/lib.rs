//! Stories with expectations.
