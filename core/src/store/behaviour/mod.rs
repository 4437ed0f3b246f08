//! What every store must do. Each backend runs all of it; see [`suite`].

pub(super) mod documents;
mod fixtures;
pub(super) mod job_work;
pub(super) mod jobs;
pub(super) mod logs;
pub(super) mod projects;
pub(super) mod schedules;
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
            jobs {
                jobs_come_back_as_enqueued
                jobs_of_others_do_not_exist
                the_service_sees_the_jobs_of_all
                a_user_enqueues_for_nobody_else
                what_is_not_committed_is_not_enqueued
                a_taken_unique_key_gives_the_old_job
                a_unique_key_is_free_again_when_its_job_is_finished
                unique_keys_are_apart_by_owner_and_kind
                lists_filter_and_page
                statistics_count_by_kind_and_state
                a_waiting_job_is_cancelled_at_once
                a_running_job_is_asked_to_stop
                a_finished_job_is_not_cancelled
                the_dead_are_requeued_with_all_their_attempts
                only_the_dead_and_cancelled_are_requeued
                requeueing_minds_the_unique_key
                a_batch_completes_once_when_all_have_ended
                a_batch_counts_how_its_jobs_ended
                a_requeued_job_does_not_complete_its_batch_again
                pruning_takes_what_was_finished_before
                large_payloads_and_odd_text_come_back
            }
            job_work {
                claims_go_by_priority_then_time_then_order
                claims_take_the_kinds_asked_for_and_no_more_than_the_limit
                users_claim_nothing
                a_job_is_not_claimed_twice
                a_job_is_not_claimed_before_its_time
                an_attempt_is_counted_and_leased
                a_failed_job_comes_back_at_its_time
                a_job_handed_back_keeps_its_attempt
                a_death_is_in_its_owners_change_log
                a_finish_without_the_lease_does_not_count
                a_lease_is_extended_only_by_its_holder
                orphans_are_rescued_and_their_workers_too_late
                an_orphan_without_attempts_left_is_dead
                a_cancelled_orphan_is_not_run_again
                concurrency_limits_hold_by_key
                a_limit_holds_for_a_whole_backlog
                cancelling_the_next_in_line_lets_the_one_behind_through
                progress_is_kept_while_the_lease_holds
                cancelled_jobs_are_not_retried
                the_outlook_says_when
            }
            schedules {
                schedules_come_back_by_name
                the_same_schedule_again_keeps_its_place
                other_times_start_anew
                an_occurrence_is_claimed_once
                schedules_of_others_do_not_exist
                deleted_schedules_are_gone
            }
        }
    };
}
pub(super) use suite;
