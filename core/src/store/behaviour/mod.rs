//! What every store must do. Each backend runs all of it; see [`suite`].

pub(super) mod documents;
mod fixtures;
pub(super) mod logs;
pub(super) mod projects;
pub(super) mod threads;
pub(super) mod users;

/// Makes one test of each behaviour for a backend. `$open` is an async function that gives
/// a guard (dropped last) and an empty store.
macro_rules! suite {
    ($open:path: $($room:ident { $($case:ident)+ })+) => {$(
        mod $room {
            $(#[tokio::test]
            async fn $case() {
                let (_guard, store) = $open().await;
                crate::store::behaviour::$room::$case(&*store).await;
            })+
        }
    )+};
    ($open:path) => {
        crate::store::behaviour::suite! { $open:
            users { usernames_are_unique_and_found_in_any_case only_the_workspace_itself_sees_users }
            projects {
                fields_come_back_as_written_in_order_of_creation
                a_deleted_project_leaves_its_documents_unassigned
                projects_of_others_do_not_exist
            }
            documents {
                the_same_content_is_a_no_op
                other_content_is_a_new_revision
                a_users_decision_survives_a_revision
                documents_of_others_do_not_exist
                lists_filter_and_page
                deleting_takes_attachments_chunks_and_unneeded_vectors
                vectors_are_shared_by_content_and_apart_by_model
                what_is_not_committed_never_was
                one_identity_per_tenant
            }
            threads { mail_finds_its_conversation conversations_join replies_without_references_go_by_subject }
            logs {
                changes_come_in_order_and_by_kind
                intake_lines_come_latest_first_in_pages
                corrections_are_changes
                waiting_ends_with_the_next_change_of_the_tenant
                bad_cursors_are_refused
            }
        }
    };
}
pub(super) use suite;
