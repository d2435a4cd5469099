//! What is on record, told to people and to spreadsheets: one telling for the command line and for pages.
//!
//! A record is taken as the JSON that the engine hands out, so that whoever reads it over the port and whoever
//! embeds the engine say the same of it. Nothing is decided here.

pub mod log;
pub mod row;
pub mod words;
