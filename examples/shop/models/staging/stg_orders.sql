select
    id as order_id,
    customer_id,
    currency,
    status,
    cast(ordered_at as timestamp) as ordered_at,
    cast(ordered_at as date) as ordered_on,
    cast(updated_at as timestamp) as updated_at
from {{ source('shop', 'orders') }}
