//! The steps of a grant's life, in their order. A step is a file: its checks in order, its event, its
//! change of state, its effects, its table of tests.

pub(crate) mod break_glass;
pub(crate) mod kit;
pub mod request;

pub mod approve;
pub(crate) mod ballot;
pub mod deny;
pub mod escalate;
pub(crate) mod quorum;
pub(crate) mod withdraw;

pub(crate) mod activate;
pub mod open;

pub mod decide_extension;
pub mod extend;
pub(crate) mod governing;
pub(crate) mod offer;
pub mod remind;
pub(crate) mod rules;

pub mod expire;
pub(crate) mod give_back;
pub mod revoke;
pub mod revoke_all;

pub mod review;

pub(crate) mod erase;

pub mod effects;
pub(crate) mod verdict;

pub(crate) mod settle;

pub(crate) mod bring;
pub(crate) mod conflict;
pub(crate) mod counterfactual;
pub(crate) mod eligible;
pub(crate) mod guard;
pub(crate) mod items;
pub(crate) mod publish;
pub(crate) mod quota;
