//! Plans on a store.
