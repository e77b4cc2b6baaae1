-- A database per service, and one for keys that has its own owner (contracts §6).
CREATE ROLE keeper LOGIN PASSWORD 'keeper';
CREATE DATABASE registry;
CREATE DATABASE diagnostics;
CREATE DATABASE routes;
CREATE DATABASE mentoring;
CREATE DATABASE monitoring;
CREATE DATABASE keys OWNER keeper;
REVOKE CONNECT ON DATABASE keys FROM PUBLIC;
