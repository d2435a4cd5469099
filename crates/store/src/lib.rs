//! The store trait.
