with days as (

    select sum(gross_eur) as gross_eur from {{ ref('fct_daily_revenue') }}

),

orders as (

    select sum(amount_eur) as gross_eur
    from {{ ref('fct_orders') }}
    where status != 'cancelled'

)

select
    days.gross_eur as days_eur,
    orders.gross_eur as orders_eur
from days
cross join orders
where abs(days.gross_eur - orders.gross_eur) > 0.01
