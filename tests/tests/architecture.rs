//! The shape of the sources: layers, invariants, sizes.

use besunny_tests::architecture::{
    broken_layers, circle, impure_text, sources, strays_of_the_root, too_long, without_invariant,
};

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}\n", found.join("\n"));
}

#[test]
fn imports_go_down() {
    assert_none("imports that do not go down", &broken_layers(&sources()));
}

#[test]
fn no_rooms_import_each_other_in_a_circle() {
    assert_none("rooms on a circle", &circle(&sources()));
}

#[test]
fn every_room_states_an_invariant() {
    assert_none("rooms without an \"Invariant:\" line", &without_invariant(&sources()));
}

#[test]
fn no_file_is_too_long() {
    assert_none("files over 500 lines", &too_long(&sources()));
}

#[test]
fn text_reaches_for_nothing_outside() {
    assert_none("what the room of text must not use", &impure_text(&sources()));
}

#[test]
fn the_root_holds_what_belongs_there() {
    assert_none("entries of the root that do not belong there", &strays_of_the_root());
}
