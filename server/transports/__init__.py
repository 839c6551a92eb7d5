"""How calls reach an Application: one module for each way. Nothing here knows what a call is about, and nothing
elsewhere in the server knows of a transport."""
