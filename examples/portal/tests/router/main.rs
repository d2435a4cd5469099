//! The portal through its router: what a browser would send, and what it would get.

mod browser;
mod clicks;
mod guards;
mod notices;
mod pages;
