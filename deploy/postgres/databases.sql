-- A database per service and one for keys, each open to its own role alone (contracts §6),
-- in UTF-8 whatever the server was made with.
CREATE ROLE registry LOGIN PASSWORD 'registry';
CREATE ROLE diagnostics LOGIN PASSWORD 'diagnostics';
CREATE ROLE routes LOGIN PASSWORD 'routes';
CREATE ROLE mentoring LOGIN PASSWORD 'mentoring';
CREATE ROLE monitoring LOGIN PASSWORD 'monitoring';
CREATE ROLE keeper LOGIN PASSWORD 'keeper';
CREATE DATABASE registry OWNER registry ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE diagnostics OWNER diagnostics ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE routes OWNER routes ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE mentoring OWNER mentoring ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE monitoring OWNER monitoring ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE keys OWNER keeper ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE registry FROM PUBLIC;
REVOKE CONNECT ON DATABASE diagnostics FROM PUBLIC;
REVOKE CONNECT ON DATABASE routes FROM PUBLIC;
REVOKE CONNECT ON DATABASE mentoring FROM PUBLIC;
REVOKE CONNECT ON DATABASE monitoring FROM PUBLIC;
REVOKE CONNECT ON DATABASE keys FROM PUBLIC;
