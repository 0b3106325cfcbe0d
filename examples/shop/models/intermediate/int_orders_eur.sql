with orders as (

    select * from {{ ref('stg_orders') }}

),

totals as (

    select * from {{ ref('int_order_totals') }}

),

payments as (

    select * from {{ ref('int_order_payments') }}

),

rates as (

    select * from {{ ref('int_fx_rates') }}

)

select
    orders.order_id,
    orders.customer_id,
    orders.status,
    orders.currency,
    orders.ordered_on,
    orders.updated_at,
    totals.items,
    rates.valid_from as rate_valid_from,
    rates.rate_to_eur,
    {{ to_eur('totals.amount', 'rates.rate_to_eur') }} as amount_eur,
    {{ to_eur('coalesce(payments.refunded, 0)', 'rates.rate_to_eur') }} as refunded_eur,
    {{ to_eur('coalesce(payments.paid, 0)', 'rates.rate_to_eur') }} as paid_eur
from orders
left join totals
    on orders.order_id = totals.order_id
left join payments
    on orders.order_id = payments.order_id
left join rates
    on orders.currency = rates.currency
    and orders.ordered_on >= rates.valid_from
    and orders.ordered_on < rates.valid_to
