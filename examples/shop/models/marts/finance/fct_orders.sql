{{ config(materialized='incremental', unique_key='order_id') }}

select
    order_id,
    customer_id,
    status,
    currency,
    ordered_on,
    updated_at,
    items,
    rate_to_eur,
    amount_eur,
    refunded_eur,
    paid_eur
from {{ ref('int_orders_eur') }}

{% if is_incremental() %}
where updated_at > (select coalesce(max(updated_at), timestamp '1900-01-01') from {{ this }})
{% endif %}
