//! Documents to flows.
