"""The guided sheets: their steps, what they begin from, and what they measure on the patient's surfaces."""
