//! besunny
