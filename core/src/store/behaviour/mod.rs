//! What every store must do. Each backend runs all of it; see [`suite`].

pub(super) mod accounts;
pub(super) mod changes;
pub(super) mod channels;
pub(super) mod concurrency;
pub(super) mod contents;
pub(super) mod corrections;
pub(super) mod cursors;
pub(super) mod deletion;
pub(super) mod documents;
pub(super) mod embeddings;
pub(super) mod fixtures;
pub(super) mod intake_log;
pub(super) mod job_fixtures;
pub(super) mod job_work;
pub(super) mod jobs;
pub(super) mod lifecycle;
pub(super) mod lists;
pub(super) mod logs;
pub(super) mod meetings;
pub(super) mod objects;
pub(super) mod projects;
pub(super) mod reading;
pub(super) mod schedules;
pub(super) mod streams;
pub(super) mod sync_fixtures;
pub(super) mod threads;
pub(super) mod tokens;
pub(super) mod users;
pub(super) mod values;
pub(super) mod work;

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
            users {
                usernames_are_unique_and_found_in_any_case
                only_the_workspace_itself_sees_users
                users_come_in_order_of_creation
                an_email_is_optional_and_comes_back
                a_name_is_no_pattern
                a_user_makes_no_users
            }
            projects {
                fields_come_back_as_written_in_order_of_creation
                a_deleted_project_leaves_its_documents_unassigned
                projects_of_others_do_not_exist
                a_project_may_be_just_a_name
                long_and_foreign_fields_come_back
                names_need_not_be_unique
                an_update_replaces_all_fields_and_keeps_place_and_birth
                an_update_of_nothing_changes_nothing
                a_deleted_project_is_gone_and_others_stay
                a_deleted_project_is_an_alternative_no_more
                a_users_decision_ends_with_its_project
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
            threads {
                mail_finds_its_conversation
                conversations_join
                replies_without_references_go_by_subject
                without_a_clue_there_is_no_conversation
                hundreds_of_references_lead_to_one_conversation
                the_first_reference_that_is_known_decides
                references_outrank_the_subject
                a_subject_moves_with_its_conversation
                conversations_join_in_chains
                conversations_of_others_stay_apart
                attachments_do_not_speak_for_a_conversation
                a_conversation_is_known_after_its_mail_is_deleted
            }
            values {
                every_text_comes_back_as_written
                every_project_comes_back_as_written
                nul_is_stored_as_a_replacement_character
                nul_names_the_same_item_again
                long_names_are_names
                times_keep_their_microseconds
                assignments_keep_every_bit
                many_vectors_come_back_in_order
                empty_lists_are_fine
                an_empty_text_is_not_a_missing_one
                mail_comes_back_as_written
            }
            concurrency {
                a_follower_misses_nothing_of_eight_writers
                writers_of_two_tenants_keep_apart
                an_item_that_comes_four_times_at_once_is_stored_once
                a_dropped_transaction_frees_the_writers
                who_stops_waiting_for_a_turn_holds_up_nobody
                a_reader_sees_one_moment
                a_writer_sees_its_own_writes_and_nobody_else_does
                reading_transactions_refuse_to_write
            }
            lifecycle {
                what_is_not_there_is_not_found
                the_same_id_of_two_sources_is_two_items
                assigning_is_a_change_and_leaves_the_content
                a_user_can_decide_that_it_belongs_nowhere
                a_deleted_project_frees_every_document_and_keeps_the_others
                a_revision_stays_in_its_place
                every_type_is_kept_and_found
            }
            reading {
                changes_of_several_kinds_keep_their_order
                waiting_ends_with_patience
                waiting_for_what_is_there_does_not_wait
                many_wait_and_all_are_told
                conversations_list_mail_in_order_and_no_attachments
                names_are_folded_as_ascii
            }
            logs {
                changes_come_in_order_and_by_kind
                intake_lines_come_latest_first_in_pages
                corrections_are_changes
                waiting_ends_with_the_next_change_of_the_tenant
                who_listens_is_told_of_each_commit_that_grew_a_log
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
                claims_at_once_never_overlap
                claims_of_two_workers_keep_a_limit
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
            contents {
                every_field_comes_back
                a_long_text_comes_back
                texts_of_any_script_come_back
                a_document_may_have_no_chunks
                chunks_come_in_order
                many_come_in_the_order_asked
                an_unknown_document_is_nowhere
                an_identity_is_source_and_source_id_to_the_letter
                order_grows_and_survives_a_revision
                going_back_to_an_earlier_content_is_a_revision
                a_revision_replaces_an_automatic_assignment
                an_assignment_comes_back_whole
                times_before_the_epoch_and_of_a_microsecond_come_back
                counts_follow
            }
            lists {
                an_empty_list_is_one_empty_page
                a_list_that_fills_its_page_has_no_next
                a_page_after_the_end_is_empty
                what_is_stored_meanwhile_does_not_disturb_a_walk
                what_is_deleted_meanwhile_does_not_disturb_a_walk
                a_walk_keeps_to_its_filter
                conditions_combine
                a_span_has_its_beginning_and_not_its_end
                a_source_is_no_pattern
                a_project_of_nobody_or_of_others_has_no_documents
                a_cursor_of_anothers_list_shows_ones_own_rows_only
                a_document_moves_between_lists
                attachments_are_listed_like_all_documents
            }
            deletion {
                attachments_come_in_order_of_ingestion
                a_deleted_attachment_leaves_its_mail
                attachments_of_attachments_go_too
                deleting_twice_is_no_change
                what_was_deleted_comes_back_as_new
                a_revision_lets_go_of_vectors_it_does_not_need
                vectors_of_all_models_go
                anothers_equal_passage_keeps_nothing_alive
            }
            embeddings {
                nothing_asked_is_nothing_answered
                a_known_vector_stays_as_it_is
                every_bit_of_a_number_comes_back
                many_come_in_the_order_asked
                models_are_told_apart_to_the_letter
                equal_content_of_two_users_is_kept_twice
            }
            corrections {
                a_correction_may_lead_out_of_every_project
                each_correction_of_a_document_is_kept
                a_corrected_document_can_be_deleted
                projects_of_corrections_can_be_deleted
                corrections_of_others_are_not_seen
            }
            intake_log {
                every_outcome_comes_back
                every_field_of_a_line_comes_back
                lines_of_others_and_of_the_workspace_are_apart
                a_log_that_fills_its_page_has_no_next
                a_line_is_no_change_and_outlives_its_document
            }
            changes {
                each_call_writes_exactly_its_changes
                a_document_that_is_stored_in_a_project_says_so
                changes_of_one_commit_have_places_of_their_own
                kinds_are_chosen_before_the_limit
                beyond_the_end_and_within_no_limit_there_is_nothing
                what_was_given_up_leaves_no_hole_that_hides_a_change
                a_waiter_of_the_past_does_not_wait
                followers_see_each_position_once_and_in_order_while_others_write
            }
            cursors {
                an_unknown_cursor_has_no_position
                advancing_makes_and_moves_a_cursor
                a_cursor_never_goes_back
                an_advance_that_is_not_committed_never_was
                cursors_come_by_name_with_their_lag
                a_deleted_cursor_begins_anew
                cursors_of_others_do_not_exist
                the_workspace_itself_has_cursors_too
                moving_a_cursor_is_no_change
                names_of_cursors_are_told_apart_to_the_letter
                the_largest_position_comes_back
            }
            accounts {
                accounts_come_back_as_linked_in_order
                linking_anew_keeps_id_birth_and_the_end_of_the_token
                accounts_are_found_by_address_in_any_case_and_by_name
                accounts_of_others_do_not_exist
                an_id_is_given_to_one_account
                the_service_keeps_the_accounts_of_all_and_each_log_its_own
                a_status_is_news_once
                a_deleted_account_takes_its_own_and_nothing_else
            }
            tokens {
                tokens_come_back_and_their_version_grows
                who_read_an_older_version_writes_nothing
                without_a_new_refresh_token_the_old_one_stays
                dropped_tokens_are_gone_and_nobody_writes_them_back
                tokens_of_others_do_not_exist_but_for_the_service
                a_turn_to_refresh_is_one_callers_until_it_ends
                of_many_at_once_one_refreshes
                accounts_with_tokens_are_listed_by_id
                a_consent_is_taken_once_and_in_time
                a_state_is_asked_for_once_and_forgotten_when_it_expires
                of_many_at_once_one_takes_a_consent
                the_first_secret_of_a_name_stays
                consents_and_secrets_are_the_workspaces
            }
            streams {
                streams_come_back_as_written_by_name
                a_stream_hangs_from_an_account_of_its_tenant
                streams_of_others_do_not_exist
                the_longest_overdue_come_first
                a_hint_counts_and_makes_due_at_once
                who_was_hinted_at_meanwhile_is_not_put_off
                a_deleted_stream_takes_what_hangs_from_it
            }
            objects {
                objects_come_back_as_written_in_the_order_asked
                writing_again_writes_over_everything
                many_objects_take_few_statements
                objects_are_walked_by_the_bytes_of_their_ids
                children_of_several_parents_come_by_id
                what_a_snapshot_has_not_met_is_left
                the_objects_of_a_document_are_known_until_it_is_gone
                a_document_that_is_gone_or_anothers_is_not_noted
                the_workspaces_own_objects_become_documents_of_users
                objects_of_others_and_of_other_streams_are_apart
            }
            work {
                work_comes_by_the_time_it_is_due_then_by_id
                a_note_comes_back_and_the_last_one_counts
                what_is_asked_for_anew_starts_again_in_its_place
                no_generation_comes_twice
                failed_tries_wait_and_say_why
                what_was_set_aside_is_listed_and_tried_on_request
                counts_say_what_waits_and_since_when
                much_work_takes_few_statements
                work_of_others_does_not_exist
            }
            channels {
                channels_come_back_as_written_oldest_first
                what_was_heard_is_not_forgotten
                the_service_sees_the_channels_of_all
                an_id_is_one_streams
                a_forgotten_channel_is_gone
            }
            meetings {
                meetings_come_back_as_written
                what_the_calendar_says_is_written_over_and_nothing_else
                each_field_of_a_calendar_is_news
                lists_run_by_start_and_filter
                an_event_and_the_occurrences_of_a_series_are_found
                a_meeting_that_nothing_hangs_from_is_deleted
                a_meeting_of_a_project_is_kept_as_declined
                a_project_is_the_tenants_own
                a_deleted_project_leaves_its_meetings
                meetings_of_others_do_not_exist
            }
        }
    };
}
pub(super) use suite;
