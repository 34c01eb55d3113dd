-- A job whose row passes 2 kB was compressed with each write of its output and of its verdict. A page holds several of four.
alter table job set (toast_tuple_target = 4080);
alter table job_presentation set (toast_tuple_target = 4080);
