//! The few names from `alloc` that every file here needs, since the crate has no `std`. It must hold nothing else.

pub(crate) use alloc::{
    borrow::{Cow, ToOwned},
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    sync::Arc,
    vec,
    vec::Vec,
};
