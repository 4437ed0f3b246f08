//! Models.

mod kernels;
