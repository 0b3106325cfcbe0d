{{ config(severity='warn') }}

select
    order_id,
    currency,
    ordered_on,
    rate_valid_from
from {{ ref('int_orders_eur') }}
where currency != 'EUR'
    and ordered_on - rate_valid_from > 7
