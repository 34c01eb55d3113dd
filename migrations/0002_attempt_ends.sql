-- How an attempt ended without success: whoever asks about it afterwards is told just that.
alter table job_presentation add column ending text check (ending in ('gave_up', 'deadline_missed', 'not_passed'));
