"""What an operator watches: how calls end, and what the server holds at the moment, as text that Prometheus reads.

``calls`` tells of each call that ends, ``state`` is what there is at one moment, ``labels`` keeps their number small,
``exposition`` counts (with prometheus-client, the extra ``prometheus``) and ``listening`` answers whoever asks.
"""
