-- A database per service and one for keys, each open to its own role alone (contracts §6).
CREATE ROLE registry LOGIN PASSWORD 'registry';
CREATE ROLE diagnostics LOGIN PASSWORD 'diagnostics';
CREATE ROLE routes LOGIN PASSWORD 'routes';
CREATE ROLE mentoring LOGIN PASSWORD 'mentoring';
CREATE ROLE monitoring LOGIN PASSWORD 'monitoring';
CREATE ROLE keeper LOGIN PASSWORD 'keeper';
CREATE DATABASE registry OWNER registry;
CREATE DATABASE diagnostics OWNER diagnostics;
CREATE DATABASE routes OWNER routes;
CREATE DATABASE mentoring OWNER mentoring;
CREATE DATABASE monitoring OWNER monitoring;
CREATE DATABASE keys OWNER keeper;
REVOKE CONNECT ON DATABASE registry FROM PUBLIC;
REVOKE CONNECT ON DATABASE diagnostics FROM PUBLIC;
REVOKE CONNECT ON DATABASE routes FROM PUBLIC;
REVOKE CONNECT ON DATABASE mentoring FROM PUBLIC;
REVOKE CONNECT ON DATABASE monitoring FROM PUBLIC;
REVOKE CONNECT ON DATABASE keys FROM PUBLIC;
