"""The scenario book on a real FreeSWITCH, with real SIP phones."""
