# Only ls and verify are words of this verb.
"$SLIPWAY" store shine
