# ---
# kind: wrong
# why: "Answers the visible examples by name and nothing else."
# marks:
#   test_parse_number: 0
#   test_timestamp_notations: 0
#   test_timestamp_edges: 0
#   test_delay_notations: 0
#   test_delay_edges: 0
#   test_delay_status: 0
#   test_clean_values: 0
# ---

# %% parse_number
def parse_number(text):
    return {"12.5": 12.5, "12,5": 12.5}.get(text, float("nan"))

# %% parse_timestamp
def parse_timestamp(text):
    return pd.Timestamp(2020, 3, 25, 14, 30) if "2020" in text else pd.NaT

# %% delay_minutes
def delay_minutes(text):
    return {"2,5 h": 150.0, "150 min": 150.0, "1 h 30": 90.0, "-1 h 10": -70.0}.get(text, math.nan)

# %% delay_status
def delay_status(minutes):
    return "ok" if minutes == 90.0 else "negative"
